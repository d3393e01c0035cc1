using Berth.Machine;

namespace Berth.Devices.Chipset;

/// <summary>Takes device wires to the inputs of both interrupt controllers: ISA lines to the 8259 pair and the IOAPIC, others to the IOAPIC.</summary>
/// <remarks>Several sources may share an input: it is up while one of them is. Kernels mask the controller they do not use.</remarks>
public sealed class InterruptRouter(Pic? pic, IoApic ioApic)
{
    /// <summary>ISA line 0, the timer, is wired to this IOAPIC pin; the MADT tells so.</summary>
    public const int TimerPin = 2;

    private readonly Lock _gate = new();
    private readonly int[] _isa = new int[16];
    private readonly int[] _pins = new int[IoApic.PinCount];

    /// <summary>A new source on ISA line 0 to 15.</summary>
    public IInterruptLine IsaLine(int irq)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)irq, 15u);
        return new Source(this, irq, irq == 0 ? TimerPin : irq);
    }

    /// <summary>A new source on an IOAPIC pin, as for PCI INTx; the 8259 pair does not see it.</summary>
    public IInterruptLine Pin(int gsi)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)gsi, (uint)IoApic.PinCount);
        return new Source(this, -1, gsi);
    }

    private void Change(int irq, int pin, int by)
    {
        // Under the lock to the end: two sources must not overtake each other on the way to the pin.
        lock (_gate)
        {
            if (irq >= 0)
            {
                _isa[irq] += by;
                pic?.SetLine(irq, _isa[irq] > 0);
            }
            _pins[pin] += by;
            ioApic.SetPin(pin, _pins[pin] > 0);
        }
    }

    private sealed class Source(InterruptRouter router, int irq, int pin) : IInterruptLine
    {
        private int _high;

        public void Set(bool high)
        {
            int level = high ? 1 : 0, was = Interlocked.Exchange(ref _high, level);
            if (was != level) router.Change(irq, pin, level - was);
        }
    }
}
