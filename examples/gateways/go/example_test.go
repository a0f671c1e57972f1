package policytable_test

import (
	"crypto/ed25519"
	"log"

	"policyc.example/policytable"
)

// The gateway of the README, compiled and not run: raw is a call's arguments as they came, and the functions are the gateway's own.
func gateway(tool string, raw []byte, caller map[string]any, key ed25519.PublicKey, answer func(string), reserve func([]policytable.Reservation) bool) {
	// README
	can := policytable.AllCapabilities // this gateway decodes exactly, holds calls for a person, and counts
	table, err := policytable.Load("policy.table", policytable.Options{Capabilities: can, Keys: []ed25519.PublicKey{key}})
	if err != nil {
		log.Fatal(err) // at a reload: keep the table in force
	}
	arguments, err := policytable.DecodeObject(raw)
	if err != nil {
		answer("denied: " + err.Error())
		return
	}
	call := policytable.Call{Tool: tool, Arguments: arguments, Context: caller}
	decision := table.Decide(call)
	limits, err := decision.Reservations(call)
	switch {
	case decision.Hidden:
		answer("unknown tool") // word for word what a tool gets that does not exist
	case decision.Effect == policytable.Deny:
		answer("denied: " + decision.Reason)
	case err != nil:
		answer("denied: " + err.Error())
	case decision.Effect == policytable.Approve:
		answer("held for " + decision.By) // its limits are reserved once it is approved
	case !reserve(limits): // all or none
		answer("denied: over a limit")
	default:
		answer("forwarded")
	}
	// end
}

var _ = gateway
