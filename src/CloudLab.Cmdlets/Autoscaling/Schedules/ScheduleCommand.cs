using System.Collections;
using System.Management.Automation;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Autoscaling.Schedules;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Manifests;
using CloudLab.Core.Kubernetes.Resources;

namespace CloudLab.Cmdlets.Autoscaling.Schedules;

/// <summary>Base of the cmdlets for schedules: takes them as text, from CronJobs and from manifests.</summary>
public abstract partial class ScheduleCommand : LabCommand
{
    private protected const string ScheduleSet = "Schedule";
    private protected const string ManifestSet = "Manifest";
    private protected const string LiteralPathSet = "LiteralPath";

    private readonly List<Func<CancellationToken, Task>> inputs = [];
    private readonly StringBuilder lines = new();

    /// <summary>The time zone of schedules that name none; null for that of the controller.</summary>
    protected virtual string? DefaultTimeZone => null;

    /// <summary>Works on one schedule.</summary>
    /// <param name="job">The schedule, alone or of a CronJob.</param>
    /// <param name="cancellation">Cancelled when the pipeline stops.</param>
    /// <returns>The work. What it throws is the error of this schedule.</returns>
    protected abstract Task TakeAsync(CronJobSchedule job, CancellationToken cancellation);

    /// <summary>Takes what came in. On the pipeline thread.</summary>
    /// <param name="values">Texts and objects: schedules, CronJobs, manifests.</param>
    /// <param name="paths">Manifests or folders, with wildcards.</param>
    /// <param name="literalPaths">Manifests or folders, without.</param>
    protected void Read(object?[] values, string[] paths, string[] literalPaths)
    {
        ReadValues(values);
        ReadPaths(paths, literal: false);
        ReadPaths(literalPaths, literal: true);
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellation)
    {
        foreach (Func<CancellationToken, Task> input in inputs)
        {
            await input(cancellation);
        }

        inputs.Clear();
    }

    /// <inheritdoc/>
    protected override Task AfterInputAsync(CancellationToken cancellation)
    {
        EndLines();
        return ProcessAsync(cancellation);
    }

    private void ReadValues(object?[] values)
    {
        foreach (object? value in values)
        {
            try
            {
                Read(value);
            }
            catch (LabException e)
            {
                Fail(e, value);
            }
        }
    }

    private void ReadPaths(IEnumerable<string> paths, bool literal)
    {
        foreach (string path in paths)
        {
            try
            {
                foreach (string found in literal ? [FilePath.Of(this, path)] : FilePath.Meant(this, path))
                {
                    ReadFile(found);
                }
            }
            catch (Exception e) when (e is ItemNotFoundException or System.Management.Automation.DriveNotFoundException or LabException { Kind: LabErrorKind.NotFound })
            {
                Fail(new LabException(LabErrorKind.NotFound, "ManifestNotFound", $"There is no manifest '{path}': give a file, a folder or a wildcard that matches one.", e) { Target = path }, path);
            }
        }
    }

    private void Read(object? input)
    {
        object? value = input is PSObject { BaseObject: not PSCustomObject } wrapper ? wrapper.BaseObject : input;
        switch (value)
        {
            case null:
                break;
            case string text:
                ReadText(text);
                break;
            case FileSystemInfo file:
                ReadFile(file.FullName);
                break;
            case LabResource resource:
                ReadJson(JsonNode.Parse(resource.ToJson())!.AsObject());
                break;
            case IDictionary map:
                ReadMap((IDictionary)PlainObject.Of(map)!, value);
                break;
            case PSObject custom:
                ReadMap((IDictionary)PlainObject.Of(custom)!, value);
                break;
            case IEnumerable many:
                ReadValues([.. many.Cast<object?>()]);
                break;
            default:
                ReadMap(Named(new PSObject(value)), value);
                break;
        }
    }

    // The output of the cmdlets for schedules, and other objects with these properties.
    private static Hashtable Named(PSObject custom)
    {
        Hashtable named = [];
        foreach (string name in new[] { "Schedule", "TimeZone", "Name", "Namespace" })
        {
            if (custom.Properties[name]?.Value is { } value)
            {
                named[name] = value;
            }
        }

        return named;
    }

    private void ReadText(string text)
    {
        bool whole = text.Contains('\n', StringComparison.Ordinal);
        if (whole && ManifestLine().IsMatch(text))
        {
            EndLines();
            Add(ManifestReader.ReadText(text), "input");
        }
        else if (lines.Length > 0 || (!whole && ManifestLine().IsMatch(text)))
        {
            // Line by line, as from Get-Content.
            lines.AppendLine(text);
        }
        else if (!whole && ManifestReader.IsManifestName(text))
        {
            ReadPaths([text], literal: false);
        }
        else if (!text.TrimStart().StartsWith('#'))
        {
            Add(new CronJobSchedule { Schedule = text, TimeZone = DefaultTimeZone });
        }
    }

    private void ReadMap(IDictionary map, object? target)
    {
        if (ObjectJson.Of(map) is JsonObject json && (json.ContainsKey("spec") || json.ContainsKey("kind") || json.ContainsKey("items")))
        {
            ReadJson(json);
            return;
        }

        Dictionary<string, string?> named = new(StringComparer.OrdinalIgnoreCase);
        foreach (DictionaryEntry entry in map)
        {
            named[$"{entry.Key}"] = entry.Value?.ToString();
        }

        if (named.GetValueOrDefault("Schedule") is not { } schedule)
        {
            throw new LabException(
                LabErrorKind.InvalidData, "ScheduleMissing",
                "The object has no schedule: pass a text such as '*/10 * * * *', a CronJob (Get-LabResource cronjobs), a manifest, or an object with the property Schedule.") { Target = target };
        }

        Add(new CronJobSchedule
        {
            Schedule = schedule,
            TimeZone = named.GetValueOrDefault("TimeZone") is { Length: > 0 } zone ? zone : DefaultTimeZone,
            Name = named.GetValueOrDefault("Name"),
            Namespace = named.GetValueOrDefault("Namespace"),
        });
    }

    private void ReadJson(JsonObject json)
    {
        IReadOnlyList<CronJobSchedule> found = CronJobSchedule.FromJson(json);
        if (found.Count == 0)
        {
            throw NoCronJob($"The {StrictJson.Text(json, "kind") ?? "object"}", json["metadata"] is JsonObject metadata ? StrictJson.Text(metadata, "name") : null);
        }

        foreach (CronJobSchedule job in found)
        {
            Add(job);
        }
    }

    private static LabException NoCronJob(string what, string? target) => new(
        LabErrorKind.InvalidData, "NoCronJob", $"{what} has no CronJob: give a manifest of the kind CronJob, such as Get-LabResource cronjobs writes.") { Target = target };

    private void ReadFile(string path) => inputs.Add(async cancellation =>
    {
        try
        {
            List<ManifestItem> items = [];
            await foreach (ManifestItem item in ManifestReader.ReadPathAsync(path, recurse: true, cancellation: cancellation))
            {
                items.Add(item);
            }

            await TakeAsync(items, path, cancellation);
        }
        catch (LabException e)
        {
            WriteProblem(e, path);
        }
    });

    private void Add(IEnumerable<ManifestItem> items, string source) => inputs.Add(cancellation => TakeAsync([.. items], source, cancellation));

    private void Add(CronJobSchedule job) => inputs.Add(cancellation => TakeOneAsync(job, cancellation));

    private void Fail(LabException problem, object? target) => inputs.Add(_ =>
    {
        WriteProblem(problem, target);
        return Task.CompletedTask;
    });

    private async Task TakeAsync(List<ManifestItem> items, string source, CancellationToken cancellation)
    {
        bool any = false;
        foreach (ManifestItem item in items)
        {
            try
            {
                foreach (CronJobSchedule job in item.Problem is { } problem ? throw problem : CronJobSchedule.FromJson(item.ToJson()))
                {
                    any = true;
                    await TakeOneAsync(job, cancellation);
                }
            }
            catch (LabException e)
            {
                any = true;
                WriteProblem(e, source);
            }
        }

        if (!any)
        {
            WriteProblem(NoCronJob(source == "input" ? "The manifest" : $"'{source}'", source), source);
        }
    }

    private async Task TakeOneAsync(CronJobSchedule job, CancellationToken cancellation)
    {
        try
        {
            await TakeAsync(job.TimeZone is null && DefaultTimeZone is { } zone ? job with { TimeZone = zone } : job, cancellation);
        }
        catch (LabException e) when (!e.StopsCommand)
        {
            WriteProblem(e, job.Schedule);
        }
    }

    private void EndLines()
    {
        if (lines.Length > 0)
        {
            Add([.. ManifestReader.ReadText(lines.ToString())], "input");
            lines.Clear();
        }
    }

    [GeneratedRegex(@"^\s*(?:---|\{|%YAML|[A-Za-z]\w*:(?:\s|$))", RegexOptions.Multiline)]
    private static partial Regex ManifestLine();
}
