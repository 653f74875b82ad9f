"""The page 欢迎语: the list, the editor with its look at the phone, publishing, versions."""
