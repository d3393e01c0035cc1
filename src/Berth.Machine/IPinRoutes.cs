namespace Berth.Machine;

/// <summary>Told what the IOAPIC's pins send, by backends whose local APICs must know which vectors are level-triggered. Any thread.</summary>
public interface IPinRoutes
{
    /// <summary>From now on <paramref name="pin"/> sends <paramref name="data"/> to <paramref name="address"/>, as <see cref="IMessageInterrupts.Send"/> has it.</summary>
    void Route(int pin, ulong address, uint data);
}
