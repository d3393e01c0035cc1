using System.Buffers.Binary;

namespace Berth.Cpu.Tests.Oracle;

/// <summary>Random register contents with a taste for the values where instructions differ.</summary>
internal static class RandomState
{
    private static readonly ulong[] s_integers =
        [0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, ulong.MaxValue];

    private static readonly double[] s_reals =
        [0, -0.0, 1, -1, 0.5, 1.5, -2.5, 3.14159, 1e10, -1e-10, double.PositiveInfinity, double.NegativeInfinity, double.NaN, double.MaxValue, double.Epsilon,
        2147483648.0, -2147483649.5, 9.3e18, 1e-310, float.MaxValue, 1e-40];

    public static MachineState Create(Random random)
    {
        var state = new MachineState();
        for (int i = 0; i < 16; i++) state.General[i] = Integer(random);
        state.General[4] = HostProcessor.StackTop - (ulong)random.Next(64) * 8;
        // IF is set in user mode; only status flags vary.
        state.Flags = ((ulong)random.Next() & 0x8D5) | 0x202;
        Span<byte> x = state.Extended;
        BinaryPrimitives.WriteUInt16LittleEndian(x, (ushort)(0x007F | (random.Next(4) << 10) | (random.Next(4) == 0 ? 0x200 : 0x300)));
        BinaryPrimitives.WriteUInt16LittleEndian(x[2..], (ushort)((random.Next(8) << 11) | (random.Next() & 0x4700) | (random.Next(4) == 0 ? random.Next(64) : 0)));
        x[4] = random.Next(3) == 0 ? (byte)random.Next() : random.Next(2) == 0 ? (byte)0 : (byte)0xFF;
        uint mxcsr = 0x1F80u | ((uint)random.Next(4) << 13) | (random.Next(4) == 0 ? 0x8000u : 0) | (random.Next(4) == 0 ? 0x40u : 0) | (random.Next(4) == 0 ? (uint)random.Next(64) : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(x[24..], mxcsr);
        for (int i = 0; i < 8; i++) Extended80(random, x.Slice(32 + (i * 16), 10));
        Fill(random, x.Slice(160, 256));
        Fill(random, x.Slice(576, 256));
        x[512] = 7;
        return state;
    }

    private static ulong Integer(Random random) => random.Next(3) switch
    {
        0 => s_integers[random.Next(s_integers.Length)],
        1 => (ulong)random.NextInt64(long.MinValue, long.MaxValue),
        _ => (ulong)random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64),
    };

    /// <summary>Fills memory or vector registers with integers, singles and doubles.</summary>
    public static void Fill(Random random, Span<byte> bytes)
    {
        for (int at = 0; at + 8 <= bytes.Length; at += 8)
        {
            Span<byte> place = bytes[at..];
            switch (random.Next(4))
            {
                case 0: BinaryPrimitives.WriteUInt64LittleEndian(place, Integer(random)); break;
                case 1:
                    BinaryPrimitives.WriteSingleLittleEndian(place, (float)Real(random));
                    BinaryPrimitives.WriteSingleLittleEndian(place[4..], (float)Real(random));
                    break;
                case 2: BinaryPrimitives.WriteDoubleLittleEndian(place, Real(random)); break;
                default: random.NextBytes(place[..8]); break;
            }
        }
    }

    private static double Real(Random random) =>
        random.Next(2) == 0 ? s_reals[random.Next(s_reals.Length)] : (random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-40, 80));

    private static void Extended80(Random random, Span<byte> place)
    {
        switch (random.Next(5))
        {
            case 0: random.NextBytes(place); break;
            case 1: place.Clear(); break;
            case 2:
                BinaryPrimitives.WriteUInt64LittleEndian(place, 1UL << 63);
                BinaryPrimitives.WriteUInt16LittleEndian(place[8..], (ushort)(random.Next(2) << 15 | 0x7FFF));
                break;
            default:
                BinaryPrimitives.WriteUInt64LittleEndian(place, (ulong)random.NextInt64(long.MinValue, long.MaxValue) | 1UL << 63);
                BinaryPrimitives.WriteUInt16LittleEndian(place[8..], (ushort)(random.Next(2) << 15 | (0x3FFF + random.Next(-70, 70))));
                break;
        }
    }
}
