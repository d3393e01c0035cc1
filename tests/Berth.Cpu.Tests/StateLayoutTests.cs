using System.Runtime.InteropServices;
using Berth.Cpu.State;
using Berth.X86;

namespace Berth.Cpu.Tests;

/// <summary>The state block is addressed by offset; overlapping fields would go unnoticed by the compiler.</summary>
public sealed unsafe class StateLayoutTests
{
    [Fact]
    public void Segment_IsSixteenBytes() => Assert.Equal(16, sizeof(Segment));

    [Fact]
    public void Fields_DoNotOverlap()
    {
        var fields = typeof(CpuState).GetFields(System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.Instance)
            .Where(f => f.Name is not ("Fcw" or "Fsw" or "Ftw" or "Fop" or "Fip" or "Fdp" or "Mxcsr" or "MxcsrMask"))
            .Select(f => (f.Name, Start: (int)Marshal.OffsetOf<CpuState>(f.Name), Size: SizeOf(f.FieldType))).OrderBy(f => f.Start).ToArray();
        for (int i = 1; i < fields.Length; i++)
            Assert.True(fields[i - 1].Start + fields[i - 1].Size <= fields[i].Start, $"{fields[i - 1].Name} runs into {fields[i].Name}");
    }

    private static int SizeOf(Type type) =>
        type.IsPointer ? 8 : type.IsEnum ? 4 : type.StructLayoutAttribute is { Size: > 0 } layout && !type.IsPrimitive ? layout.Size : Marshal.SizeOf(type);
}
