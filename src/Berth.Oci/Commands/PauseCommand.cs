using Berth.Containers.Cgroups;
using Berth.Linux;
using Berth.Oci.State;

namespace Berth.Oci.Commands;

/// <summary><c>pause</c> and <c>resume</c>, by the freezer.</summary>
internal static class PauseCommand
{
    public static int Pause(Session session, IReadOnlyList<string> words) => Change(session, words, "pause", ContainerStatus.Running, static c => c.Freeze());

    public static int Resume(Session session, IReadOnlyList<string> words) => Change(session, words, "resume", ContainerStatus.Paused, static c => c.Thaw());

    private static int Change(Session session, IReadOnlyList<string> words, string name, ContainerStatus from, Action<ICgroup> change)
    {
        StoredContainer container = session.Store.Get(Arguments.Parse(words, [], []).Id(name));
        using FileLock turn = container.Lock();
        ContainerStatus status = container.Status(session.Cgroups);
        if (status != from) throw new OciException($"container {container.Id} is {status.ToString().ToLowerInvariant()}: {name} needs a {from.ToString().ToLowerInvariant()} one");
        change(session.Cgroups.Open(container.Record!.Cgroup));
        return 0;
    }
}
