using System.Buffers;

namespace Berth.Supervisor.Processes;

/// <summary>Names a process: a container's main one, or one exec of it.</summary>
internal readonly record struct ProcessKey(string Id, string? ExecId)
{
    private const int MaxLength = 128;
    private static readonly SearchValues<char> s_alphabet = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

    /// <summary>Ids become names of directories, so their alphabet is narrow.</summary>
    public bool IsValid => IsName(Id) && (ExecId is null || IsName(ExecId));

    public override string ToString() => ExecId is null ? $"container {Id}" : $"exec {ExecId} of container {Id}";

    private static bool IsName(string? name) => name is { Length: > 0 and <= MaxLength } && char.IsAsciiLetterOrDigit(name[0])
        && !name.AsSpan().ContainsAnyExcept(s_alphabet);
}
