using Berth.Images.Spec;
using Berth.Images.Store;
using Berth.Linux;

namespace Berth.Images.Building;

/// <summary>
/// Results of build steps by key, one small file each. Losing one costs a build some time and nothing else, so a file that is torn or names
/// what is not there is dropped.
/// </summary>
internal sealed class StepCache
{
    private const int MaxRecords = 8192;
    private const int MaxRecordBytes = 1 << 20;

    private readonly StorePaths _paths;
    private readonly TimeProvider _time;
    private readonly Dictionary<Digest, StepRecord> _records = [];

    /// <summary>Reads what is there; <paramref name="isWhole"/> tells whether a record's layers are.</summary>
    public StepCache(StorePaths paths, TimeProvider time, Func<StepRecord, bool> isWhole)
    {
        _paths = paths;
        _time = time;
        foreach (FileInfo file in new DirectoryInfo(paths.Steps).GetFiles())
        {
            if (Digest.TryParse("sha256:" + file.Name, out Digest key) && TryRead(file, out StepRecord? record) && isWhole(record))
            {
                _records[key] = record;
            }
            else
            {
                file.Delete();
            }
        }
    }

    /// <summary>A snapshot.</summary>
    public KeyValuePair<Digest, StepRecord>[] All
    {
        get
        {
            lock (_records)
            {
                return [.. _records];
            }
        }
    }

    public StepRecord? Find(Digest key)
    {
        lock (_records)
        {
            return _records.GetValueOrDefault(key);
        }
    }

    /// <summary>Notes that a build has used it.</summary>
    public void Touch(Digest key)
    {
        lock (_records)
        {
            if (_records.TryGetValue(key, out StepRecord? record))
            {
                Set(key, record with { LastUsed = _time.GetUtcNow(), Uses = record.Uses + 1 });
            }
        }
    }

    public void Add(Digest key, StepRecord record)
    {
        lock (_records)
        {
            Set(key, record);
            if (_records.Count > MaxRecords)
            {
                foreach (Digest oldest in _records.OrderBy(entry => entry.Value.LastUsed).Take(MaxRecords / 8).Select(entry => entry.Key).ToArray())
                {
                    Drop(oldest);
                }
            }
        }
    }

    public void Remove(Digest key)
    {
        lock (_records)
        {
            Drop(key);
        }
    }

    private void Set(Digest key, StepRecord record)
    {
        string staging = _paths.NewStaging("step");
        File.WriteAllBytes(staging, ImageJson.Write(record, ImageJson.Default.StepRecord));
        Libc.RenameAt(null, staging, null, _paths.Step(key));
        _records[key] = record;
    }

    private void Drop(Digest key)
    {
        if (_records.Remove(key))
        {
            Libc.TryUnlinkAt(null, _paths.Step(key));
        }
    }

    private static bool TryRead(FileInfo file, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out StepRecord? record)
    {
        record = null;
        try
        {
            if (file.Length <= MaxRecordBytes)
            {
                record = ImageJson.Read(File.ReadAllBytes(file.FullName), ImageJson.Default.StepRecord, file.Name);
            }
        }
        catch (ImageException)
        {
            // Torn by a crash, or of another version.
        }
        return record is { Version: StepRecord.CurrentVersion, Layers: not null };
    }
}
