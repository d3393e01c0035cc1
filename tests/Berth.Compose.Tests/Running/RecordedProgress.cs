using System.Collections.Concurrent;
using Berth.Compose.Running;

namespace Berth.Compose.Tests.Running;

/// <summary>Remembers what was said.</summary>
internal sealed class RecordedProgress : IProgressSink
{
    public ConcurrentQueue<string> Lines { get; } = [];

    public void Doing(string subject, string words) => Lines.Enqueue($"{subject} {words}");

    public void Done(string subject, string words) => Lines.Enqueue($"{subject} {words}");

    public void Failed(string subject, string message) => Lines.Enqueue($"{subject} failed: {message}");

    public void Say(string subject, string line) => Lines.Enqueue($"{subject}: {line}");

    public void Warn(string message) => Lines.Enqueue($"warning: {message}");
}
