using System.Buffers.Binary;
using Berth.Machine;

namespace Berth.Devices.Chipset;

/// <summary>State as the registers of the xAPIC page, which every backend has. Spec: [SDM3] table 11-1.</summary>
public sealed partial class LocalApic
{
    /// <inheritdoc/>
    public ApicSnapshot Save()
    {
        lock (_gate)
        {
            // A count that has reached zero reads as one long over: what is due is announced first.
            if (TimerMode == OneShot && _initialCount != 0 && !_ranOut && Count() == 0)
            {
                _ranOut = true;
                TimerFires();
            }
            byte[] page = new byte[ApicSnapshot.PageLength];
            for (int register = IdRegister; register <= DivideConfiguration; register++)
                if (Exists(register)) Put(page, register, Read(register));
            return new(_base, page);
        }
    }

    /// <inheritdoc/>
    public void Load(ApicSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        byte[] page = snapshot.Page;
        if (page.Length != ApicSnapshot.PageLength) throw new ArgumentException($"A local APIC's page must be {ApicSnapshot.PageLength} bytes.", nameof(snapshot));
        uint initial = Get(page, InitialCount), current = Get(page, CurrentCount), divide = Get(page, DivideConfiguration) & 0x0B;
        int shift = ((divide & 3) | ((divide >> 1) & 4)) switch { 7 => 0, uint d => (int)d + 1 };
        ulong passed = current <= initial ? (ulong)(initial - current) << shift : 0;
        State = new()
        {
            BaseMsr = (snapshot.BaseMsr & ~BootProcessor) | (_initialId == 0 ? BootProcessor : 0),
            Id = (byte)(Get(page, IdRegister) >> 24),
            TaskPriority = (byte)Get(page, Tpr),
            LogicalDestination = Get(page, LogicalDestination) & 0xFF00_0000,
            DestinationFormat = Get(page, DestinationFormat) | 0x0FFF_FFFF,
            Spurious = Get(page, Spurious) & 0x3FF,
            Errors = (Get(page, ErrorStatus), 0),
            Command = (Get(page, IcrLow) & 0x000C_CFFF) | (ulong)Get(page, IcrHigh) << 32,
            Lvt = (Get(page, LvtTimer), Get(page, LvtThermal), Get(page, LvtPerformance), Get(page, Lint0), Get(page, Lint1), Get(page, LvtError)),
            InitialCount = initial,
            Divide = divide,
            // May lie before this machine began: only differences count.
            TimerStart = unchecked(_timers.Now - passed),
            TimerRanOut = current == 0 && (Get(page, LvtTimer) >> 17 & 3) == OneShot,
            Requests = GetVectors(page, Irr),
            InService = GetVectors(page, Isr),
            Levels = GetVectors(page, Tmr),
        };
    }

    private static void Put(byte[] page, int register, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(register << 4), value);

    private static uint Get(byte[] page, int register) => BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(register << 4));

    private static Vectors GetVectors(byte[] page, int register)
    {
        Vectors vectors = default;
        for (int i = 0; i < 8; i++) vectors[i] = Get(page, register + i);
        return vectors;
    }
}
