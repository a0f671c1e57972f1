module policyc.example/policytable

go 1.23
