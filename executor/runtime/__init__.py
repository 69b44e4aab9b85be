"""What tool code sees, and what stands around it in a call child.

Compiled into mcpbox-executor and imported once, before the zygote jails itself.  A compile child uses
`check`, a call child uses `call`; everything else serves these two.  Nothing here is a security boundary:
the kernel's jail is, and a tool that takes its own interpreter apart harms only its own call.
"""
