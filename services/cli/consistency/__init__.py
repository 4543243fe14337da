"""`ice report`: how much characters, places, props and scenes hold over a film, what was retaken, and what it cost."""
