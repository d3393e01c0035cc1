namespace Berth.Kvm.Probe;

/// <summary>Whether KVM runs what a distribution's kernel needs on this host.</summary>
/// <param name="Passed">All of it.</param>
/// <param name="Reason">What was seen, for people.</param>
public sealed record ProbeResult(bool Passed, string Reason);
