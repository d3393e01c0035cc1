namespace Berth.Engine.Instances;

/// <summary>The keys that leave a terminal without ending the workload.</summary>
internal static class DetachKeys
{
    private static readonly byte[] Default = [16, 17]; // ctrl-p ctrl-q

    /// <summary>Reads <c>ctrl-p,ctrl-q</c> or <c>a,b</c>; unset = the default.</summary>
    public static byte[] Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return Default;
        return [.. text.Split(',').Select(static key => key switch
        {
            [var single] when char.IsAscii(single) => (byte)single,
            ['c', 't', 'r', 'l', '-', var letter] when letter is >= 'a' and <= 'z' => (byte)(letter - 'a' + 1),
            "ctrl-@" => (byte)0,
            "ctrl-[" => (byte)27,
            "ctrl-\\" => (byte)28,
            "ctrl-]" => (byte)29,
            "ctrl-^" => (byte)30,
            "ctrl-_" => (byte)31,
            _ => throw EngineException.Invalid($"detachKeys: Invalid detach keys ({key}) provided: use a character or ctrl-<a-z, @, [, \\, ], ^, _>"),
        })];
    }
}
