namespace Berth.Kvm;

/// <summary>KVM cannot be used here; the message says why.</summary>
public sealed class KvmException(string message) : Exception(message);
