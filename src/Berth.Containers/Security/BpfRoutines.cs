namespace Berth.Containers.Security;

/// <summary>Keeps code that several calls share in one copy: they jump to it. Classic BPF jumps forward only, so it goes behind its users.</summary>
internal sealed class BpfRoutines
{
    private const uint Placeholder = 0x80000000; // no real jump is that far

    private readonly List<BpfInstruction[]> _routines = [];

    /// <summary>A single return stays where it is used; anything longer becomes a jump.</summary>
    public BpfInstruction[] Share(BpfInstruction[] code)
    {
        if (code.Length == 1)
            return code;
        int index = _routines.FindIndex(routine => routine.AsSpan().SequenceEqual(code));
        if (index < 0)
        {
            index = _routines.Count;
            _routines.Add(code);
        }
        return [new(BpfInstruction.Jump, 0, 0, Placeholder | (uint)index)];
    }

    /// <summary>Puts the shared code behind <paramref name="code"/> and lets the jumps lead to it.</summary>
    public BpfInstruction[] Append(BpfInstruction[] code)
    {
        int[] starts = new int[_routines.Count];
        int end = code.Length;
        for (int i = 0; i < starts.Length; i++)
        {
            starts[i] = end;
            end += _routines[i].Length;
        }
        for (int i = 0; i < code.Length; i++)
        {
            if (code[i].Code == BpfInstruction.Jump && (code[i].Value & Placeholder) != 0)
                code[i] = code[i] with { Value = (uint)(starts[code[i].Value & ~Placeholder] - i - 1) };
        }
        return [.. code, .. _routines.SelectMany(static routine => routine)];
    }
}
