package main

import "github.com/spf13/cobra"

// commands are all commands, in the order in which a newcomer needs them.
func commands(a *app) []*cobra.Command {
	return []*cobra.Command{
		newCheck(a, nil),
		newRoute(a, nil),
		newSend(a, nil),
		newMessage(a, nil),
		newSink(a, nil),
		newAudit(a, nil),
		group("spf", "Read, evaluate, judge and mend SPF records", "  cwmail spf show acme.example",
			newSPFShow(a, nil), newSPFEval(a, nil), newSPFLint(a, nil), newSPFPropose(a, nil)),
		group("dkim", "Make, show, check and judge DKIM keys", "  cwmail dkim check acme.example --selector cw1",
			newDKIMNew(a, nil), newDKIMShow(a, nil), newDKIMCheck(a, nil), newDKIMLint(a, nil)),
		group("dmarc", "Find and judge DMARC policies", "  cwmail dmarc show acme.example",
			newDMARCShow(a, nil), newDMARCLint(a, nil)),
		newWait(a, nil),
		newWizard(a, nil),
		newNetwork(a, nil),
		group("transport", "The configured transports", "  cwmail transport list",
			newTransportList(a, nil), newTransportAdd(a, nil), newTransportEdit(a, nil), newTransportRemove(a, nil),
			newTransportMove(a, nil), newTransportUndo(a, nil), newTransportHistory(a, nil)),
		group("config", "The configuration file", "  cwmail config check",
			newConfigPath(a), newConfigCheck(a), newConfigInit(a)),
		newExplain(a, nil),
		newKeys(a),
		group("doctor", "What cwmail finds on this machine", "  cwmail doctor terminal",
			newDoctorTerminal(a)),
		newVersion(a),
	}
}
