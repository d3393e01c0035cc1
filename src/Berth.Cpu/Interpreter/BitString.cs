using Berth.Cpu.Memory;
using Berth.Cpu.State;
using Iced.Intel;

namespace Berth.Cpu.Interpreter;

/// <summary>[SDM2] BT, BTS, BTR, BTC on memory with a register: the register reaches beyond the operand, as into a string of bits.</summary>
internal static unsafe class BitString
{
    public static Handler Select(in Instruction i, int width) => i.Mnemonic switch
    {
        Mnemonic.Bt => Width<Bt>(width),
        Mnemonic.Bts => Width<Bts>(width),
        Mnemonic.Btr => Width<Btr>(width),
        _ => Width<Btc>(width),
    };

    private static Handler Width<TOp>(int width) where TOp : struct, IBinaryOp =>
        width switch { 2 => &Run<TOp, ushort>, 4 => &Run<TOp, uint>, _ => &Run<TOp, ulong> };

    private static bool Run<TOp, T>(Core c, CpuState* s, Op* o)
        where TOp : struct, IBinaryOp
        where T : unmanaged
    {
        ulong index = Bits.Register<T>(s, o->B);
        long delta = (Bits.SignExtend<T>(index) >> (sizeof(T) == 8 ? 6 : sizeof(T) == 4 ? 5 : 4)) * sizeof(T);
        return Access.Address(c, s, o, sizeof(T), TOp.Writes, out ulong address, delta) && Binary<TOp, T>.Modify(c, s, o, address, index);
    }
}
