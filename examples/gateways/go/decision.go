package policytable

import "errors"

// Effect is what a decision says.
type Effect string

// The effects.
const (
	Allow   Effect = "allow"
	Deny    Effect = "deny"
	Approve Effect = "approve" // by a person, before the call may go ahead
)

// Decision is the answer for one call. Decisions share their limits, which must not be changed.
type Decision struct {
	Effect Effect
	// Rule is the id of the rule that decided, empty where the default did. Reason, By (the approver), Severity and Source (file:line)
	// are the rule's, empty where it has none.
	Rule, Reason, By, Severity, Source string
	// Hidden: to the caller the denial must look like a tool that does not exist.
	Hidden bool
	// Limits are to be reserved, all or none, before the call is forwarded (see Reservations).
	Limits []*Limit
	Policy string
	// Err says why a call was denied that neither a rule nor the default decided.
	Err error
}

var errNotJSON = errors.New("an argument or a part of the context is not JSON")

// denial is the decision on what cannot be decided.
func denial(policy string, err error) Decision {
	return Decision{Effect: Deny, Reason: err.Error(), Policy: policy, Err: err}
}

// Reservations are what to reserve for the decision's limits, all or none. On an error the call must be denied.
func (d Decision) Reservations(call Call) ([]Reservation, error) {
	all := make([]Reservation, 0, len(d.Limits))
	for _, limit := range d.Limits {
		one, err := limit.Reservation(call)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}
