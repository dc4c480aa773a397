/** Temporal UI as a commander uses it: by what stands on the page, with the mouse and the keyboard. */
import type { FrameLocator, Page } from 'playwright-core';
import { until } from '../support/until.ts';

export class TemporalUi {
  readonly page: Page;
  private readonly address: string;

  constructor(page: Page, address: string) {
    this.page = page;
    this.address = address;
  }

  /** Filters the list of runs by the estate's search attribute and opens the one that is left. */
  async findRun(estate: string, runId: string): Promise<void> {
    const { page } = this;
    await page.goto(this.address);
    await page.getByRole('button', { name: 'Add Filter' }).click();
    await page.getByRole('menuitem', { name: 'DrEstate' }).click();
    await page.getByRole('textbox', { name: 'Value' }).fill(estate);
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.waitForURL(/DrEstate/);
    await page.getByRole('link', { name: runId, exact: true }).click();
    await page.getByRole('heading', { name: 'Event History' }).waitFor();
  }

  /** The details that the run keeps about itself, as text; they stand in a frame. */
  async details(): Promise<string> {
    return this.frame.locator('body').innerText();
  }

  /** Presses R, as the page says, until the details say so. */
  async detailsThat(says: RegExp): Promise<string> {
    return until(
      `the details say ${says}`,
      async () => {
        const text = await this.details();
        if (says.test(text)) return text;
        await this.page.keyboard.press('r');
        return undefined;
      },
      40,
    );
  }

  /** The vote to copy. */
  async voteToCopy(): Promise<Record<string, string>> {
    return JSON.parse(await this.frame.locator('pre').first().innerText()) as Record<string, string>;
  }

  /** Sends a message by the dialog of "More Actions", typed as one would paste it. */
  async send(kind: 'a Signal' | 'an Update', name: string, data: unknown): Promise<void> {
    const { page } = this;
    await page.getByRole('button', { name: 'More Actions' }).click();
    await page.getByRole('menuitem', { name: `Send ${kind}` }).click();
    const dialog = this.dialog(kind);
    await dialog.getByRole('button', { name: /^Select/ }).click();
    await page.getByRole('option', { name: new RegExp(`^${name}\\b`) }).click();
    const editor = dialog.locator('.cm-content').last();
    await editor.click();
    await page.keyboard.insertText(JSON.stringify(data, null, 2));
    await editor.getByText('"reason"').waitFor();
    await dialog.getByRole('button', { name: 'Submit' }).click();
  }

  dialog(kind: 'a Signal' | 'an Update') {
    return this.page.getByRole('dialog', { name: `Send ${kind}` });
  }

  /** Summary and details from the start have frames of their own; the last is that of the current details. */
  private get frame(): FrameLocator {
    return this.page.locator('iframe[title="output"]').last().contentFrame();
  }
}
