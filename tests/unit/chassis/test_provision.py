from schemas.topics import TopicSpec
from services.chassis.provision import planned_topics
from services.chassis.settings import ServiceSettings

PLAIN = TopicSpec("toy.asked.v1", "toy.asked", "name", 8, 1_000, producers=("a",), consumers=("b",))
COMPACTED = TopicSpec("toy.kept.v1", "toy.kept", "name", 2, -1, producers=("a",), consumers=("b",), compacted=True)


def test_each_topic_comes_with_its_dead_letter_topic_and_prefix() -> None:
    topics = planned_topics([PLAIN], ServiceSettings(kafka_topic_prefix="env."))
    assert [(topic.name, topic.num_partitions) for topic in topics] == [
        ("env.toy.asked.v1", 8),
        ("env.toy.asked.v1.dlq", 1),
    ]


def test_retention_and_compaction_are_the_spec_s() -> None:
    plain, _, kept, kept_letters = planned_topics([PLAIN, COMPACTED], ServiceSettings())
    assert (plain.topic_configs["cleanup.policy"], plain.topic_configs["retention.ms"]) == ("delete", "1000")
    assert (kept.topic_configs["cleanup.policy"], kept.topic_configs["retention.ms"]) == ("compact", "-1")
    assert kept_letters.topic_configs["cleanup.policy"] == "delete"


def test_a_dead_letter_may_be_larger_than_its_original() -> None:
    topic, letters = planned_topics([PLAIN], ServiceSettings(kafka_max_message_bytes=10_000))
    assert topic.topic_configs["max.message.bytes"] == "10000"
    assert int(letters.topic_configs["max.message.bytes"]) > 10_000


def test_replicated_topics_want_two_replicas_in_step() -> None:
    one, _ = planned_topics([PLAIN], ServiceSettings(kafka_replication_factor=1))
    three, _ = planned_topics([PLAIN], ServiceSettings(kafka_replication_factor=3))
    assert "min.insync.replicas" not in one.topic_configs
    assert (three.replication_factor, three.topic_configs["min.insync.replicas"]) == (3, "2")
