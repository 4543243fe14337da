"""The keyless storyboard artist: a scene in words becomes a picture."""
