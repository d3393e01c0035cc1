namespace Berth.Build.Dockerfiles;

/// <summary>HEALTHCHECK: what follows the keyword, options included, as commit's changes take it.</summary>
public sealed record HealthInstruction : Instruction
{
    /// <summary>Options and <c>CMD …</c>, or <c>NONE</c>.</summary>
    public required string Arguments { get; init; }
}
