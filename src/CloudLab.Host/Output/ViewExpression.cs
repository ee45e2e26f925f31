using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using System.Text.RegularExpressions;

namespace CloudLab.Host.Output;

/// <summary>
/// What a column shows: a property, or of PowerShell's script blocks the two forms that need no PowerShell,
/// <c>$_.Property.Property</c> and <c>[Type]::Method($_.Property)</c>, with a format string or without.
/// </summary>
internal sealed partial class ViewExpression
{
    private readonly string[] path;
    private readonly string? typeName, methodName;
    private readonly string? format;
    private MethodInfo? method;

    /// <summary>Reads an expression.</summary>
    /// <param name="text">Name of a property, or a script block's text.</param>
    /// <param name="isScript">Which of them.</param>
    /// <param name="format">A .NET format string, or null.</param>
    public ViewExpression(string text, bool isScript, string? format)
    {
        Text = text.Trim();
        this.format = format;
        path = [Text];
        if (!isScript)
        {
            return;
        }

        if (PropertyScript().Match(Text) is { Success: true } property)
        {
            path = property.Groups[1].Value.Split('.');
        }
        else if (CallScript().Match(Text) is { Success: true } call)
        {
            (typeName, methodName) = (call.Groups[1].Value, call.Groups[2].Value);
            path = call.Groups[3].Value.Split('.');
        }
        else
        {
            IsSupported = false;
        }
    }

    /// <summary>The property or the script.</summary>
    public string Text { get; }

    /// <summary>False for a script that needs PowerShell; its column stays empty here.</summary>
    public bool IsSupported { get; } = true;

    /// <summary>What an object shows.</summary>
    /// <param name="value">The object.</param>
    /// <returns>One line, mostly.</returns>
    public string Show(object value)
    {
        if (!IsSupported)
        {
            return "";
        }

        object? shown = value;
        foreach (string name in path)
        {
            shown = shown is null ? null : Property(shown, name);
        }

        if (methodName is not null && shown is not null)
        {
            method ??= FindMethod();
            shown = method?.Invoke(null, [LanguagePrimitives.ConvertTo(shown, method.GetParameters()[0].ParameterType)]);
        }

        return format is not null && shown is not null
            ? string.Format(CultureInfo.InvariantCulture, format, shown)
            : Format(shown);
    }

    /// <summary>A value as text.</summary>
    /// <param name="value">The value.</param>
    /// <returns>Its text.</returns>
    public static string Format(object? value) => value switch
    {
        null => "",
        string text => text,
        DateTimeOffset moment => moment.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
        DateTime moment => moment.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        IDictionary map => "{" + string.Join(", ", map.Keys.Cast<object>().Select(k => $"{k}={Format(map[k])}")) + "}",
        IEnumerable many => "{" + string.Join(", ", many.Cast<object?>().Select(Format)) + "}",
        _ => value.ToString() ?? "",
    };

    private static object? Property(object owner, string name)
    {
        if (owner is PSObject custom)
        {
            return custom.Properties[name]?.Value;
        }

        try
        {
            return owner.GetType().GetProperty(name, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase)?.GetValue(owner);
        }
        catch (TargetInvocationException)
        {
            return null;
        }
    }

    private MethodInfo? FindMethod() => AppDomain.CurrentDomain.GetAssemblies()
        .Select(a => a.GetType(typeName!, false, true)).FirstOrDefault(t => t is not null)?
        .GetMethods(BindingFlags.Public | BindingFlags.Static)
        .FirstOrDefault(m => m.Name.Equals(methodName, StringComparison.OrdinalIgnoreCase) && m.GetParameters().Length == 1);

    [GeneratedRegex(@"\A\$(?:_|PSItem)\.([\w.]+)\z")]
    private static partial Regex PropertyScript();

    [GeneratedRegex(@"\A\[([\w.]+)\]::(\w+)\(\$(?:_|PSItem)\.([\w.]+)\)\z")]
    private static partial Regex CallScript();
}
