namespace Berth.Cpu.Interpreter;

/// <summary>What a core tells, on its thread and between two instructions, to whoever compares it with another.</summary>
internal interface ICoreMonitor
{
    /// <summary>The poll word was set; no event has been looked at yet.</summary>
    void Polled();

    /// <summary>The processor halts and nothing is pending; it sleeps unless that has changed afterwards.</summary>
    void Waiting();

    /// <summary>An exception or interrupt is about to be delivered.</summary>
    void Delivering(byte vector, Delivery kind, uint error);

    /// <summary>A page of RAM may be written from now on.</summary>
    void Writable(long page);

    /// <summary>The value that RDRAND or RDSEED gives, made from one drawn.</summary>
    ulong Random(ulong drawn);
}
