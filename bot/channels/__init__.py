"""Ways to a reader beside the chat: e-mail and the group robots of WeCom, DingTalk and Feishu. They send and never hear."""
