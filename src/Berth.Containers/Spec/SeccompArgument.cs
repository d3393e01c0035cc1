namespace Berth.Containers.Spec;

/// <summary>A condition on one argument, compared as an unsigned 64-bit number.</summary>
public sealed record SeccompArgument
{
    public uint Index { get; init; }

    /// <summary>The number compared with; the mask for <see cref="SeccompOperator.MaskedEqual"/>.</summary>
    public ulong Value { get; init; }

    /// <summary>The number the masked argument must equal.</summary>
    public ulong ValueTwo { get; init; }

    public SeccompOperator Op { get; init; }
}
