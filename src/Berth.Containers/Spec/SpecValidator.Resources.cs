namespace Berth.Containers.Spec;

/// <summary>Checks of cgroup limits.</summary>
public static partial class SpecValidator
{
    private static void CheckResources(LinuxResources resources, string field, List<string> problems)
    {
        CheckDeviceRules(resources.Devices, field + ".devices", problems);
        if (resources.Memory is { } memory)
            CheckMemory(memory, field + ".memory", problems);
        if (resources.Cpu is { } cpu)
            CheckCpu(cpu, field + ".cpu", problems);
        if (resources.BlockIo is { } io)
            CheckBlockIo(io, field + ".blockIO", problems);
        foreach (HugepageLimit? limit in resources.HugepageLimits)
        {
            if (limit is null || limit.PageSize.Length is 0 or > 16 || !limit.PageSize.All(char.IsAsciiLetterOrDigit))
                problems.Add($"{field}.hugepageLimits: \"{Shorten(limit?.PageSize ?? "null")}\" is not a page size such as 2MB");
        }
        foreach ((string name, string value) in resources.Unified)
        {
            if (name.Length is 0 or > 255 || name.Contains('/') || name.Contains('\0') || name is "." or ".." || name.StartsWith("cgroup.", StringComparison.Ordinal))
                problems.Add($"{field}.unified: \"{Shorten(name)}\" is not the file of a controller");
            else
                CheckText(value ?? "", $"{field}.unified.{name}", 4096, problems);
        }
    }

    private static void CheckMemory(MemoryResources memory, string field, List<string> problems)
    {
        CheckBytes(memory.Limit, field + ".limit", problems);
        CheckBytes(memory.Reservation, field + ".reservation", problems);
        CheckBytes(memory.Swap, field + ".swap", problems);
        if (memory.Limit is > 0 && memory.Swap is > 0 && memory.Swap < memory.Limit)
            problems.Add($"{field}.swap: {memory.Swap} is the sum of memory and swap, so it must not be below limit {memory.Limit}");
        if (memory.Limit is > 0 && memory.Reservation is > 0 && memory.Reservation > memory.Limit)
            problems.Add($"{field}.reservation: {memory.Reservation} must not be above limit {memory.Limit}");
        if (memory.Swappiness > 100)
            problems.Add($"{field}.swappiness: must lie between 0 and 100");
    }

    private static void CheckBytes(long? value, string field, List<string> problems)
    {
        if (value < -1)
            problems.Add($"{field}: {value} is negative; use -1 for no limit");
    }

    private static void CheckCpu(CpuResources cpu, string field, List<string> problems)
    {
        if (cpu.Quota is { } quota && quota is not (-1 or 0) && quota < 1000)
            problems.Add($"{field}.quota: {quota} µs is below the kernel's minimum of 1000");
        if (cpu.Period is { } period && period != 0 && period is < 1000 or > 1_000_000)
            problems.Add($"{field}.period: {cpu.Period} µs must lie between 1000 and 1000000");
        if (cpu.Idle is not (null or 0 or 1))
            problems.Add($"{field}.idle: must be 0 or 1");
        CheckCpuList(cpu.Cpus, field + ".cpus", problems);
        CheckCpuList(cpu.Mems, field + ".mems", problems);
    }

    private static void CheckCpuList(string? list, string field, List<string> problems)
    {
        if (string.IsNullOrEmpty(list))
            return;
        if (list.Length > 4096 || !Cgroups.CpuList.TryParse(list, out _))
            problems.Add($"{field}: \"{Shorten(list)}\" is not a list such as 0-2,4");
    }

    private static void CheckBlockIo(BlockIoResources io, string field, List<string> problems)
    {
        if (io.Weight is not (null or 0) and (< 10 or > 1000))
            problems.Add($"{field}.weight: {io.Weight} must lie between 10 and 1000");
        foreach (WeightDevice? device in io.WeightDevice)
        {
            if (device is null || device.Weight is not (null or 0) and (< 10 or > 1000))
                problems.Add($"{field}.weightDevice: a weight must lie between 10 and 1000");
            else
                CheckDeviceNumber(device.Major, device.Minor, field + ".weightDevice", problems);
        }
        (string Name, IReadOnlyList<ThrottleDevice> List)[] throttles =
        [
            ("throttleReadBpsDevice", io.ThrottleReadBpsDevice), ("throttleWriteBpsDevice", io.ThrottleWriteBpsDevice),
            ("throttleReadIOPSDevice", io.ThrottleReadIopsDevice), ("throttleWriteIOPSDevice", io.ThrottleWriteIopsDevice),
        ];
        foreach ((string name, IReadOnlyList<ThrottleDevice> list) in throttles)
        {
            foreach (ThrottleDevice? device in list)
            {
                if (device is null)
                    problems.Add($"{field}.{name}: an entry is null");
                else
                    CheckDeviceNumber(device.Major, device.Minor, $"{field}.{name}", problems);
            }
        }
    }

    private static void CheckDeviceNumber(long major, long minor, string field, List<string> problems)
    {
        if (major is < 0 or > 0xFFF || minor is < 0 or > 0xFFFFF)
            problems.Add($"{field}: device number {major}:{minor} is out of range");
    }

    private static void CheckDeviceRules(IReadOnlyList<DeviceRule> rules, string field, List<string> problems)
    {
        if (!CheckCount(rules.Count, field, problems))
            return;
        for (int i = 0; i < rules.Count; i++)
        {
            if (rules[i] is not { } rule)
            {
                problems.Add($"{field}[{i}]: is null");
                continue;
            }
            if (rule.Type is not (null or "" or "a" or "b" or "c"))
                problems.Add($"{field}[{i}].type: \"{Shorten(rule.Type)}\" is not one of a, b, c");
            if (rule.Access is { } access && (access.Length > 3 || access.AsSpan().ContainsAnyExcept('r', 'w', 'm')))
                problems.Add($"{field}[{i}].access: \"{Shorten(access)}\" must consist of r, w and m");
            if (rule.Major is < -1 or > 0xFFF || rule.Minor is < -1 or > 0xFFFFF)
                problems.Add($"{field}[{i}]: device number is out of range");
        }
    }
}
