using Berth.Containers.Spec;
using Berth.Linux;
using Berth.Oci.State;

namespace Berth.Oci.Commands;

/// <summary><c>update</c>: other limits for a running container.</summary>
internal static class UpdateCommand
{
    public static int Run(Session session, IReadOnlyList<string> words)
    {
        Arguments given = Arguments.Parse(words, [], ["resources|r"]);
        string file = given.Value("resources") ?? throw new OciException("update: give --resources FILE, or - for standard input");
        StoredContainer container = session.Store.Get(given.Id("update"));
        LinuxResources resources = SpecJson.ReadResources(Read(file));
        using FileLock turn = container.Lock();
        if (container.Status(session.Cgroups) is ContainerStatus.Creating or ContainerStatus.Stopped) throw OciException.NotRunning(container.Id);
        session.Cgroups.Open(container.Record!.Cgroup).Apply(resources);
        return 0;
    }

    private static byte[] Read(string file)
    {
        using Stream stream = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
        byte[] bytes = new byte[SpecJson.MaxBytes + 1];
        int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return bytes[..length];
    }
}
