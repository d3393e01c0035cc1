using Berth.Images;

namespace Berth.Engine.Builds;

/// <summary>Who is told how a build goes. Stages run beside each other, so calls come from several threads. A caller waits until its news has been taken.</summary>
public interface IBuildProgress : IProgress<ImageProgress>
{
    /// <summary>Whether more than one stage is built.</summary>
    bool HasStages { get; set; }

    /// <summary>A step begins.</summary>
    ValueTask BeginAsync(BuildStep step);

    /// <summary>Its result was in the cache.</summary>
    ValueTask CachedAsync(BuildStep step);

    /// <summary>Its command runs, under that id.</summary>
    ValueTask RunningAsync(BuildStep step, string id);

    /// <summary>Its command wrote something.</summary>
    ValueTask OutputAsync(BuildStep step, bool isError, ReadOnlyMemory<byte> bytes);

    /// <summary>It is done.</summary>
    ValueTask DoneAsync(BuildStep step, string layer);

    /// <summary>Something is not as it should be, but works.</summary>
    ValueTask WarnAsync(string text);
}
