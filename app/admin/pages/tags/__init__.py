"""The page 标签: the corp's tags as WeCom has them, with how many customers have each."""
