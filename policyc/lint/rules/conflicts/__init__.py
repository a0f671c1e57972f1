"""Rules about what rules do to each other, answered from decision diagrams, with calls that replay."""
