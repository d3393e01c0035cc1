using Berth.Devices.Chipset;
using Berth.Machine;

namespace Berth.Devices.Tests;

internal sealed class RecordingLine : IInterruptLine
{
    public bool High { get; private set; }

    public int Rises { get; private set; }

    public void Set(bool high)
    {
        if (high && !High) Rises++;
        High = high;
    }
}

internal sealed class RecordingSignals : ICpuSignals
{
    public int Interrupts { get; private set; }

    public int Nmis { get; private set; }

    public int Inits { get; private set; }

    public List<byte> Startups { get; } = [];

    public void RaiseInterrupt() => Interrupts++;

    public void RaiseNmi() => Nmis++;

    public void RaiseInit() => Inits++;

    public void RaiseStartup(byte vector) => Startups.Add(vector);
}

internal sealed class RecordingPower : IMachinePower
{
    public int Offs { get; private set; }

    public int Resets { get; private set; }

    public void PowerOff() => Offs++;

    public void Reset() => Resets++;
}

internal sealed class RecordingMessages : IMessageInterrupts
{
    public List<(ulong Address, uint Data)> Sent { get; } = [];

    public void Send(ulong address, uint data) => Sent.Add((address, data));
}

internal sealed class RecordingSink : IByteSink
{
    public List<byte> Bytes { get; } = [];

    public void Write(ReadOnlySpan<byte> data) => Bytes.AddRange(data);
}

internal sealed class NullSink : IByteSink
{
    public void Write(ReadOnlySpan<byte> data)
    {
    }
}
