using System.Globalization;
using System.Text.Json;
using CloudLab.Core.Common.Reporting;
using CloudLab.Core.Containers.Engine;
using CloudLab.Core.Sessions;
using Version = System.Version;

namespace CloudLab.Core.Containers.Usage;

/// <summary>The disk space of a Docker Engine, with the docker CLI's own arithmetic.</summary>
/// <param name="session">Names the engine.</param>
/// <param name="reporter">Told that it takes a while.</param>
public sealed class DockerUsage(LabSession session, IReporter reporter)
{
    // The engine adds up the files of all volumes and containers.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    // Since then the engine adds up itself.
    private static readonly Version AddsUp = new(1, 52);

    private readonly DockerEngine engine = new(session.Docker);

    /// <summary>Measures.</summary>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>Images, containers, volumes, build cache.</returns>
    public async Task<IReadOnlyList<LabDockerUsage>> MeasureAsync(CancellationToken cancellation)
    {
        using ProgressMeter meter = new(reporter, "Measuring disk use");
        await using Timer ticker = new(_ => meter.Note("the engine is adding up sizes"), null, 500, 500);
        JsonElement df = await ReadAsync("", cancellation);
        return await engine.NegotiateAsync(cancellation) >= AddsUp
            ? [OfSum(df, "ImageUsage", DockerUsageKind.Images), OfSum(df, "ContainerUsage", DockerUsageKind.Containers), OfSum(df, "VolumeUsage", DockerUsageKind.Volumes), OfSum(df, "BuildCacheUsage", DockerUsageKind.BuildCache)]
            : [OfImages(df), OfContainers(df), OfVolumes(df), OfCache(Records(df))];
    }

    /// <summary>What a clearing of the build cache would remove.</summary>
    /// <param name="all">Whether also what images share, and what belongs to BuildKit itself.</param>
    /// <param name="olderThan">Only what was not used for so long, or null.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Number of records and bytes.</returns>
    public async Task<LabBuildCacheRemoval> FindCacheAsync(bool all, TimeSpan? olderThan, CancellationToken cancellation)
    {
        JsonElement df = await ReadAsync("?type=build-cache" + (await engine.NegotiateAsync(cancellation) >= AddsUp ? "&verbose=1" : ""), cancellation);
        JsonElement list = df.TryGetProperty("BuildCacheUsage", out JsonElement usage) && usage.TryGetProperty("Items", out JsonElement items) ? items
            : df.TryGetProperty("BuildCache", out JsonElement old) ? old : default;
        DateTimeOffset before = olderThan is { } age ? DateTimeOffset.UtcNow - age : DateTimeOffset.MaxValue;
        JsonElement[] victims =
        [
            .. Items(list).Where(record => !Flag(record, "InUse")
                && (all || (!Flag(record, "Shared") && EngineMessage.Text(record, "Type") is not ("internal" or "frontend")))
                && (Time(record, "LastUsedAt") ?? Time(record, "CreatedAt") ?? DateTimeOffset.MinValue) < before),
        ];

        // What is shared with an image stays on the disk as long as the image does.
        return new LabBuildCacheRemoval { Count = victims.Length, Size = victims.Where(record => !Flag(record, "Shared")).Sum(record => Number(record, "Size")) };
    }

    /// <summary>Clears the build cache.</summary>
    /// <param name="all">Whether also what images share, and what belongs to BuildKit itself.</param>
    /// <param name="olderThan">Only what was not used for so long, or null.</param>
    /// <param name="keep">Bytes that may stay, those used last; null for none.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>What was removed.</returns>
    public async Task<LabBuildCacheRemoval> ClearCacheAsync(bool all, TimeSpan? olderThan, long? keep, CancellationToken cancellation)
    {
        List<string> query = [all ? "all=1" : "all=0"];
        if (olderThan is { } age)
        {
            string until = string.Create(CultureInfo.InvariantCulture, $"{(long)age.TotalSeconds}s");
            query.Add("filters=" + Uri.EscapeDataString($$"""{"until":{"{{until}}":true} }"""));
        }

        if (keep is { } bytes)
        {
            // The older name is understood by all engines.
            query.Add(string.Create(CultureInfo.InvariantCulture, $"keep-storage={bytes}"));
        }

        using ProgressMeter meter = new(reporter, "Clearing the build cache");
        await using Timer ticker = new(_ => meter.Note("the engine is removing records"), null, 500, 500);
        JsonElement done = await engine.JsonAsync(HttpMethod.Post, "build/prune?" + string.Join('&', query), cancellation, Patience);
        return new LabBuildCacheRemoval
        {
            Count = done.TryGetProperty("CachesDeleted", out JsonElement gone) ? Items(gone).Count() : 0, Size = Number(done, "SpaceReclaimed"),
        };
    }

    private Task<JsonElement> ReadAsync(string query, CancellationToken cancellation) =>
        DockerEngine.WholeAsync(() => engine.JsonAsync(HttpMethod.Get, "system/df" + query, cancellation, Patience));

    private static IEnumerable<JsonElement> Items(JsonElement list) => list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    private static IEnumerable<JsonElement> Items(JsonElement df, string name) => df.TryGetProperty(name, out JsonElement list) ? Items(list) : [];

    private static JsonElement[] Records(JsonElement df) => [.. Items(df, "BuildCache")];

    private static bool Flag(JsonElement of, string name) => of.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private static long Number(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out JsonElement value) && value.TryGetInt64(out long number) ? number : 0;

    private static DateTimeOffset? Time(JsonElement of, string name) =>
        EngineMessage.Text(of, name) is { } text && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;

    private static LabDockerUsage OfSum(JsonElement df, string name, DockerUsageKind kind)
    {
        JsonElement sum = df.TryGetProperty(name, out JsonElement found) ? found : default;
        return new LabDockerUsage
        {
            Kind = kind, Count = (int)Number(sum, "TotalCount"), Active = (int)Number(sum, "ActiveCount"), Size = Number(sum, "TotalSize"), Reclaimable = Number(sum, "Reclaimable"),
        };
    }

    private static LabDockerUsage OfImages(JsonElement df)
    {
        JsonElement[] images = [.. Items(df, "Images")];
        JsonElement[] used = Array.FindAll(images, image => Number(image, "Containers") > 0);
        long size = Number(df, "LayersSize");
        return new LabDockerUsage
        {
            Kind = DockerUsageKind.Images,
            Count = images.Length,
            Active = used.Length,
            Size = size,
            Reclaimable = size - used.Where(image => Number(image, "Size") != -1 && Number(image, "SharedSize") != -1)
                .Sum(image => Number(image, "Size") - Number(image, "SharedSize")),
        };
    }

    private static LabDockerUsage OfContainers(JsonElement df)
    {
        JsonElement[] containers = [.. Items(df, "Containers")];
        JsonElement[] active = Array.FindAll(containers, container => EngineMessage.Text(container, "State") is "running" or "paused" or "restarting");
        long size = containers.Sum(container => Number(container, "SizeRw"));
        return new LabDockerUsage
        {
            Kind = DockerUsageKind.Containers, Count = containers.Length, Active = active.Length, Size = size, Reclaimable = size - active.Sum(container => Number(container, "SizeRw")),
        };
    }

    private static LabDockerUsage OfVolumes(JsonElement df)
    {
        (long Size, bool Used)[] volumes =
        [
            .. Items(df, "Volumes").Select(volume => volume.TryGetProperty("UsageData", out JsonElement usage)
                ? (Math.Max(0, Number(usage, "Size")), Number(usage, "RefCount") > 0) : (0, false)),
        ];
        return new LabDockerUsage
        {
            Kind = DockerUsageKind.Volumes,
            Count = volumes.Length,
            Active = volumes.Count(volume => volume.Used),
            Size = volumes.Sum(volume => volume.Size),
            Reclaimable = volumes.Where(volume => !volume.Used).Sum(volume => volume.Size),
        };
    }

    private static LabDockerUsage OfCache(JsonElement[] records)
    {
        // What is shared counts for the images.
        long size = records.Where(record => !Flag(record, "Shared")).Sum(record => Number(record, "Size"));
        return new LabDockerUsage
        {
            Kind = DockerUsageKind.BuildCache,
            Count = records.Length,
            Active = records.Count(record => Flag(record, "InUse")),
            Size = size,
            Reclaimable = size - records.Where(record => Flag(record, "InUse") && !Flag(record, "Shared")).Sum(record => Number(record, "Size")),
        };
    }
}
