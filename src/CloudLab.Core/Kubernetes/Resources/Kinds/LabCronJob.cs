using System.Text.Json.Nodes;
using CloudLab.Core.Common;
using CloudLab.Core.Kubernetes.Client;

namespace CloudLab.Core.Kubernetes.Resources.Kinds;

/// <summary>A cron job.</summary>
public sealed class LabCronJob : LabResource
{
    internal LabCronJob(JsonObject content, ApiResource? resource = null)
        : base(content, resource)
    {
    }

    /// <summary>When it runs: <c>0 3 * * *</c>.</summary>
    public string? Schedule => SpecFields.Text("schedule");

    /// <summary>Time zone of the schedule; null for the controller's own.</summary>
    public string? TimeZone => SpecFields.Text("timeZone");

    /// <summary>Whether it is suspended.</summary>
    public bool Suspend => SpecFields.Flag("suspend");

    /// <summary>Jobs that run.</summary>
    public long Active => StatusFields.Objects("active").Count();

    /// <summary>When it last ran; null where it never did.</summary>
    public DateTimeOffset? LastScheduleTime => ResourceParts.Time(StatusFields.Text("lastScheduleTime"));

    /// <summary>Images of its containers.</summary>
    public TextList<string> Images => ResourceParts.Images(Content);

    private JsonObject SpecFields => Content.Object("spec") ?? [];

    private JsonObject StatusFields => Content.Object("status") ?? [];
}
