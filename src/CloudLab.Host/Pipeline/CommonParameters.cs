using System.Management.Automation;

namespace CloudLab.Host.Pipeline;

/// <summary>The parameters that every cmdlet has.</summary>
public sealed class CommonParameters
{
    /// <summary>Names and short forms that are understood, and the property behind each.</summary>
    internal static readonly IReadOnlyDictionary<string, string> Names = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["Verbose"] = nameof(Verbose), ["vb"] = nameof(Verbose),
        ["Debug"] = nameof(Debug), ["db"] = nameof(Debug),
        ["WhatIf"] = nameof(WhatIf), ["wi"] = nameof(WhatIf),
        ["Confirm"] = nameof(Confirm), ["cf"] = nameof(Confirm),
        ["ErrorAction"] = nameof(ErrorAction), ["ea"] = nameof(ErrorAction),
        ["WarningAction"] = nameof(WarningAction), ["wa"] = nameof(WarningAction),
        ["InformationAction"] = nameof(InformationAction), ["infa"] = nameof(InformationAction),
        ["ProgressAction"] = nameof(ProgressAction), ["proga"] = nameof(ProgressAction),
    };

    /// <summary>Common parameters that store things in variables, which there are none of here.</summary>
    internal static readonly IReadOnlyList<string> Unsupported =
        ["OutVariable", "ov", "ErrorVariable", "ev", "WarningVariable", "wv", "InformationVariable", "iv", "PipelineVariable", "pv", "OutBuffer", "ob"];

    /// <summary>Show what is done.</summary>
    public bool Verbose { get; set; }

    /// <summary>Show what is of use to who debugs.</summary>
    public bool Debug { get; set; }

    /// <summary>Only say what would change.</summary>
    public bool WhatIf { get; set; }

    /// <summary>Ask before each change: true always, false never, null where the change destroys much.</summary>
    public bool? Confirm { get; set; }

    /// <summary>What becomes of non-terminating errors.</summary>
    public ActionPreference ErrorAction { get; set; } = ActionPreference.Continue;

    /// <summary>What becomes of warnings.</summary>
    public ActionPreference WarningAction { get; set; } = ActionPreference.Continue;

    /// <summary>What becomes of messages.</summary>
    public ActionPreference InformationAction { get; set; } = ActionPreference.SilentlyContinue;

    /// <summary>What becomes of progress.</summary>
    public ActionPreference ProgressAction { get; set; } = ActionPreference.Continue;

    /// <summary>Those that were given, for <c>MyInvocation.BoundParameters</c>.</summary>
    internal Dictionary<string, object> Given { get; } = [];

    /// <summary>Sets one of them by the name of its property.</summary>
    /// <param name="property">The name.</param>
    /// <param name="value">The value, of whatever type.</param>
    public void Set(string property, object? value)
    {
        System.Reflection.PropertyInfo target = typeof(CommonParameters).GetProperty(property)!;
        try
        {
            object? converted = LanguagePrimitives.ConvertTo(value, target.PropertyType);
            target.SetValue(this, converted);
            Given[property] = converted is bool flag ? new SwitchParameter(flag) : converted!;
        }
        catch (PSInvalidCastException e)
        {
            throw new ParameterBindingException("CannotConvertArgumentNoMessage", property, $"-{property}: {e.Message}", e);
        }
    }
}
