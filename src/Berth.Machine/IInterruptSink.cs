namespace Berth.Machine;

/// <summary>The way to local APICs that belong to a backend: messages, and what the IOAPIC's pins send.</summary>
public interface IInterruptSink : IMessageInterrupts, IPinRoutes;
