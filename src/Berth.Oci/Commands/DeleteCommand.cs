using Berth.Oci.State;

namespace Berth.Oci.Commands;

/// <summary><c>delete</c>: [OCI-RT] runtime.md, Delete.</summary>
internal static class DeleteCommand
{
    public static int Run(Session session, IReadOnlyList<string> words)
    {
        Arguments given = Arguments.Parse(words, ["force|f"], []);
        string id = given.Id("delete");
        bool force = given.Has("force");
        // What is gone is what --force asked for.
        if (session.Store.Find(id) is not { } container) return force ? 0 : throw new OciException($"container {id} does not exist");
        ContainerStatus status = container.Status(session.Cgroups);
        if (!force && status is ContainerStatus.Running or ContainerStatus.Paused)
            throw new OciException($"container {id} is {status.ToString().ToLowerInvariant()}: stop it first (berth-oci kill {id} KILL) or use --force");
        ContainerDeletion.Delete(session, container);
        return 0;
    }
}
