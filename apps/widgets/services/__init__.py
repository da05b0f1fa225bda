"""What can be done with chats on other sites: `widgets`, to set them up, and `visits`, who asks in them."""
