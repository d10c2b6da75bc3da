"""Every scan and send since hourscope was started."""
