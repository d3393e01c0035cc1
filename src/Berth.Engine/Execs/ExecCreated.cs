namespace Berth.Engine.Execs;

/// <summary>Answer to an exec creation.</summary>
public sealed record ExecCreated
{
    /// <summary>64 hexadecimal digits.</summary>
    public required string Id { get; init; }
}
