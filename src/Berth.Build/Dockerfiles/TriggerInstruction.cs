namespace Berth.Build.Dockerfiles;

/// <summary>ONBUILD: an instruction for the builds that begin with this image.</summary>
public sealed record TriggerInstruction : Instruction
{
    /// <summary>The instruction's text, documents included.</summary>
    public required string Trigger { get; init; }
}
