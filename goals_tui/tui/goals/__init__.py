"""The Goals screen: the list, the journey of the chosen goal, the editor."""
