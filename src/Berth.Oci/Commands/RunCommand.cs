using Berth.Linux;
using Berth.Oci.State;

namespace Berth.Oci.Commands;

/// <summary><c>run</c>: create and start; unless detached, wait and delete.</summary>
internal static class RunCommand
{
    public static int Run(Session session, IReadOnlyList<string> words)
    {
        Arguments given = Arguments.Parse(words, ["no-pivot", "no-new-keyring", "no-subreaper", "detach|d", "keep"], ["bundle|b", "config|f", "console-socket", "pid-file", "preserve-fds"]);
        string id = given.Id("run");
        Bundle bundle = Bundle.Open(given.Value("bundle") ?? ".", given.Value("config"));
        StoredContainer container = ContainerCreation.Create(session, id, bundle, given.Value("console-socket"), given.Value("pid-file"));
        int exitCode = 0;
        try
        {
            using FileDescriptor process = container.OpenProcess();
            StartCommand.Start(session, container);
            if (given.Has("detach")) return 0;
            exitCode = ForegroundProcess.Wait(process);
        }
        catch
        {
            ContainerDeletion.Delete(session, container);
            throw;
        }
        if (!given.Has("keep")) ContainerDeletion.Delete(session, container);
        return exitCode;
    }
}
