"""The page 客户阶段."""
