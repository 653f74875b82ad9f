"""The panel 素材: pictures, videos, files, links and mini-programs that are sent into the chat."""
