namespace Berth.Engine.Builds;

/// <summary>One step of a build, for progress.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Total">How many steps there are.</param>
/// <param name="Stage">The stage it belongs to.</param>
/// <param name="Text">The instruction.</param>
public sealed record BuildStep(int Number, int Total, string Stage, string Text);
