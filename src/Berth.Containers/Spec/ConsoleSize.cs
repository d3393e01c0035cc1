namespace Berth.Containers.Spec;

/// <summary>Size of the terminal in characters.</summary>
public sealed record ConsoleSize
{
    public uint Height { get; init; }

    public uint Width { get; init; }
}
